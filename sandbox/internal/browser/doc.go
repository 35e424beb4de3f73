// Package browser says what a User-Agent header tells about a browser, in the words of a
// session.
package browser
