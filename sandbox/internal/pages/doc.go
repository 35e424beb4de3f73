// Package pages serves the pages for browsers, which are the inspector and the hosted page,
// and the control API below /_sandbox/.
package pages
