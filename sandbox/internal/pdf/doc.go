// Package pdf writes the PDF documents that the sandbox answers with: a title and lines
// of text.
package pdf
