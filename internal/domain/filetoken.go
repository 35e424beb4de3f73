package domain

import "bytes"

// WithoutFileTokens returns JSON in which the URLs of Persona's files have no access token.
// Whoever has such a URL can download the photo of an identity document for hours, so these
// tokens are never stored. Text without a token is returned as it is, without a copy.
func WithoutFileTokens(text []byte) []byte {
	for _, parameter := range fileTokenParameters() {
		text = withoutValue(text, []byte(parameter))
	}
	return text
}

// FileTokenWithheld stands where the access token of a file was.
const FileTokenWithheld = "withheld"

// fileTokenParameters returns both spellings in Persona's documentation.
func fileTokenParameters() [2]string { return [2]string{"access_token=", "access-token="} }

// withoutValue replaces the values of a parameter of URLs.
func withoutValue(text, parameter []byte) []byte {
	before, rest, found := bytes.Cut(text, parameter)
	if !found {
		return text
	}
	out := make([]byte, 0, len(text)+len(FileTokenWithheld))
	for found {
		out = append(append(append(out, before...), parameter...), FileTokenWithheld...)
		before, rest, found = bytes.Cut(rest[valueLength(rest):], parameter)
	}
	return append(out, before...)
}

// valueLength returns the length of a parameter's value at the start of JSON text: up to the
// end of the string or the next parameter.
func valueLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '&' || c == '#' || c <= ' ':
			return i
		case c == '\\' && endsValue(text[i+1:]):
			return i
		case c == '\\':
			i++ // the escaped character belongs to the value
		}
	}
	return len(text)
}

// endsValue reports whether an escape sequence, without its backslash, ends a value: an
// escaped & or #, or a quote or backslash of JSON within the string.
func endsValue(escape []byte) bool {
	for _, end := range []string{`"`, `\`, "n", "r", "t", "u0026", "u0023"} {
		if bytes.HasPrefix(escape, []byte(end)) {
			return true
		}
	}
	return len(escape) == 0
}
