# Completion of idem for fish. Load it with: idem completion fish | source
function __idem_complete
	set -l words (commandline --tokenize --cut-at-cursor --current-process)
	set -l current (commandline --cut-at-cursor --current-token)
	set -l candidates (idem __complete fish $words[2..-1] "$current" 2>/dev/null)
	if test (count $candidates) -gt 0
		printf '%s\n' $candidates
	else
		__fish_complete_path "$current"
	end
end
complete --command idem --no-files --arguments '(__idem_complete)'
