# Completion of idem for bash. Load it with: source <(idem completion bash)
_idem() {
	local IFS=$'\n'
	COMPREPLY=($(idem __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}
complete -o default -F _idem idem
