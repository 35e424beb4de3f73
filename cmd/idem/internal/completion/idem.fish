# Completion of idem for fish. Load it with: idem completion fish | source
function __idem_complete
	set -l words (commandline --tokenize --cut-at-cursor --current-process)
	set -l current (commandline --cut-at-cursor --current-token)
	idem __complete fish $words[2..-1] "$current" 2>/dev/null
end
complete --command idem --arguments '(__idem_complete)'
