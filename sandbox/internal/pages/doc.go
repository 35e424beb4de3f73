// Package pages serves what people see in a browser, the inspector and the hosted flow,
// and the control API below /_sandbox/, all from one router.
package pages
