// Package pdf writes the PDF documents of the sandbox: a title and lines of text.
package pdf
