package api

// Routes returns every route as "METHOD path".
func Routes() []string {
	var names []string
	for _, r := range routes() {
		names = append(names, r.method+" "+r.path)
	}
	return names
}
