package api

// Routes names every route of the table, as "METHOD path".
func Routes() []string {
	var names []string
	for _, r := range routes() {
		names = append(names, r.method+" "+r.path)
	}
	return names
}
