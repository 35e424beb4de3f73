package storage

// fileMark is what a mark starts with, before owner and name.
const FileMark = "\x00file/"

func MarkOf(owner, name string) string { return FileMark + owner + "/" + name }
