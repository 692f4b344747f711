package server

// ErrorTable shows the error table to tests.
func ErrorTable() []errorKind { return errorKinds }

// Routes lists method and path of all routes.
func (s *Server) Routes() (list [][2]string) {
	for _, r := range s.routes() {
		list = append(list, [2]string{r.method, r.path})
	}
	return list
}

// GinRoutes lists what gin really serves.
func (s *Server) GinRoutes() (list [][2]string) {
	for _, r := range s.engine.Routes() {
		list = append(list, [2]string{r.Method, r.Path})
	}
	return list
}
