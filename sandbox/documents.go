package sandbox

// documentOperations: documents come with verifications, and are only read.
func documentOperations() map[string]operation {
	get := func(typ string) operation {
		return func(c *call) (*answer, error) {
			found, err := c.answerFound("document")
			if err == nil && typ != "" && found.one.typ != typ {
				return nil, notFound("")
			}
			return found, err
		}
	}
	return map[string]operation{
		"Documents.Get":             get(""),
		"Documents.GetGeneric":      get("document/generic"),
		"Documents.GetGovernmentID": get("document/government-id"),
	}
}
