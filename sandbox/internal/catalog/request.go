package catalog

// Versions are the dated versions there are, by the union of Persona's lists.
func Versions() []string {
	return []string{"2020-05-18", "2021-02-21", "2021-05-14", "2021-07-05", "2021-08-18", "2022-09-01", "2023-01-05", "2025-10-27", "2025-12-08", "2026-09-29"}
}
