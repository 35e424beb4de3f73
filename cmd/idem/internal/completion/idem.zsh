#compdef idem
# Completion of idem for zsh. Load it with: source <(idem completion zsh)
_idem() {
	local -a candidates
	candidates=("${(@f)$(idem __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -n "${candidates[1]}" ]]; then
		_describe 'idem' candidates
	else
		_files
	fi
}
if [[ "${funcstack[1]}" == "_idem" ]]; then
	_idem "$@"
else
	compdef _idem idem
fi
