package bench

import (
	"encoding/json"
	"net"
	"net/http"
	"os/exec"
	"time"
)

// helperServer answers like a server of texts until it is killed. It refuses "fail" and drops the connection a moment after "close".
func helperServer(addr string) {
	_ = exec.Command("sleep", "600").Start() // a child in the same group
	conns := map[string]net.Conn{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /parse", func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || m.Text == "fail" {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		if m.Text == "close" {
			conn := conns[r.RemoteAddr]
			time.AfterFunc(5*time.Millisecond, func() { conn.Close() })
		}
	})
	srv := http.Server{Addr: addr, Handler: mux, ConnState: func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns[c.RemoteAddr().String()] = c
		}
	}}
	_ = srv.ListenAndServe()
}
