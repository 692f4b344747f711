package eventlog_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"yingda/dialogue"
	"yingda/dialogue/eventlog"
)

// files are PEM files of a small authority, a server and a client.
type files struct{ ca, cert, key string }

// mustCertificates makes an authority and a certificate for 127.0.0.1 that serves both ends.
func mustCertificates(tb testing.TB) files {
	tb.Helper()
	dir := tb.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	must := func(b []byte, err error) []byte {
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	return files{
		ca:   write("ca.pem", "CERTIFICATE", must(x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey))),
		cert: write("cert.pem", "CERTIFICATE", must(x509.CreateCertificate(rand.Reader, leaf, ca, &leafKey.PublicKey, caKey))),
		key:  write("key.pem", "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(leafKey))),
	}
}

func mustServer(tb testing.TB, o *server.Options) *server.Server {
	tb.Helper()
	o.Host, o.JetStream, o.SyncAlways, o.NoSigs, o.NoLog = "127.0.0.1", true, true, true, true
	o.JetStreamMaxStore, o.JetStreamMaxMemory = 1<<30, 1<<20
	if o.Port == 0 {
		o.Port = -1
	}
	s, err := server.NewServer(o)
	if err != nil {
		tb.Fatal(err)
	}
	s.Start()
	tb.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		tb.Fatal("the server is not ready")
	}
	return s
}

// TestExternal uses a server that is reached over TLS with certificates on both sides.
func TestExternal(t *testing.T) {
	f := mustCertificates(t)
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	so := &server.Options{StoreDir: t.TempDir(), TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}}
	s := mustServer(t, so)
	o := options("")
	o.URL, o.MaxBytes, o.Timeout = s.ClientURL(), 0, 2*time.Second
	if _, err := eventlog.Open(t.Context(), o); err == nil {
		t.Error("without certificates: no error")
	}
	o.TLS = &eventlog.TLS{CA: f.ca, Cert: f.cert, Key: f.key}
	l, other := mustOpen(t, o), mustOpen(t, o)
	k := key("c")
	tr := write(t, l, k, "u", 40)
	if got := mustLoad(t, other, k); asJSON(t, got) != asJSON(t, tr) {
		t.Error("the other client reads something else")
	}
	mustPut(t, l, dialogue.Document{Name: "a/b/c", Body: []byte("x"), Customer: "u"})
	if _, err := other.Erase(t.Context(), "b", "u"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Get(t.Context(), "a/b/c"); !errors.Is(err, dialogue.ErrErased) {
		t.Errorf("%v, want ErrErased", err)
	}

	s.Shutdown()
	s.WaitForShutdown()
	start := time.Now()
	if _, err := l.Append(t.Context(), tr, turn("m41", "u", "x", 1)); !errors.Is(err, dialogue.ErrUnavailable) || time.Since(start) > 20*time.Second {
		t.Errorf("the server is away: %v after %v, want ErrUnavailable within the timeout", err, time.Since(start))
	}
	so.Port = mustPort(t, o.URL)
	mustServer(t, so)
	eventually(t, "the connection comes back", func() bool { return l.Healthy(t.Context()) == nil })
	if n := mustAppend(t, l, tr, turn("m41", "u", "x", 1)); n.Events != 41 {
		t.Errorf("%d events", n.Events)
	}
}

func mustPort(tb testing.TB, url string) (port int) {
	tb.Helper()
	_, p, err := net.SplitHostPort(url[len("nats://"):])
	if err == nil {
		_, err = fmt.Sscan(p, &port)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// TestCluster writes into a cluster of three through two clients while the leader of the turns goes away.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	servers, url := mustCluster(t)
	o := options("")
	o.URL, o.MaxBytes, o.Timeout = url, 0, 20*time.Second
	l := mustOpenSoon(t, o)
	defer mustClose(t, l)
	other := mustOpen(t, o)
	if n, err := l.TurnReplicas(t.Context()); err != nil || n != 3 {
		t.Fatalf("turns are kept %d times, want 3; %v", n, err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(300 * time.Millisecond)
		leader, err := l.TurnLeader(t.Context())
		if err != nil {
			t.Error(err)
		}
		for _, s := range servers {
			if s.Name() == leader {
				s.Shutdown()
			}
		}
	})
	checkConcurrent(t, []*eventlog.Log{l, other}, 12, 4, 12)
	wg.Wait()
}

// mustOpenSoon waits until the cluster has leaders.
func mustOpenSoon(tb testing.TB, o eventlog.Options) *eventlog.Log {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	for {
		l, err := eventlog.Open(ctx, o)
		if err == nil {
			return l
		}
		if ctx.Err() != nil {
			tb.Fatal(err)
		}
	}
}

func mustCluster(tb testing.TB) (servers []*server.Server, url string) {
	tb.Helper()
	ports := make([]int, 3)
	for i := range ports {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		ports[i] = ln.Addr().(*net.TCPAddr).Port
		ln.Close()
	}
	routes := fmt.Sprintf("nats://127.0.0.1:%d,nats://127.0.0.1:%d,nats://127.0.0.1:%d", ports[0], ports[1], ports[2])
	for i, port := range ports {
		s := mustServer(tb, &server.Options{ServerName: fmt.Sprint("n", i), StoreDir: tb.TempDir(), Routes: server.RoutesFromStr(routes),
			Cluster: server.ClusterOpts{Name: "yingda", Host: "127.0.0.1", Port: port}})
		servers = append(servers, s)
		if url != "" {
			url += ","
		}
		url += s.ClientURL()
	}
	return servers, url
}
