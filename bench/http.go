package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// requestTimeout bounds one request, so that a server that hangs fails instead of stopping the benchmark.
const requestTimeout = 30 * time.Second

// Client sends texts to a server, over one kept-alive connection for each client of a subject. Requests are rendered beforehand or cheaply, and
// there are no goroutines: what the load generator costs is missing from the server on a machine with few cores.
type Client struct {
	addr    string
	request func(client, i int) []byte
	conns   []*connection
}

type connection struct {
	net.Conn
	r *bufio.Reader
}

// NewClient prepares POST requests of {"text": …} to http://addr/path.
func NewClient(addr, path string, clients int, texts []string) (*Client, error) {
	requests := make([][]byte, len(texts))
	for i, text := range texts {
		body, err := json.Marshal(map[string]string{"text": text})
		if err != nil {
			return nil, err
		}
		requests[i] = Post(addr, path, body)
	}
	return NewRequests(addr, clients, func(_, i int) []byte { return requests[i] }), nil
}

// NewRequests sends to addr what request makes of a client's number and a text's; it must be quick, and safe for concurrent use.
func NewRequests(addr string, clients int, request func(client, i int) []byte) *Client {
	return &Client{addr: addr, request: request, conns: make([]*connection, clients)}
}

// Post renders a request that carries JSON.
func Post(addr, path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, addr, len(body), body)
}

// Do sends text i and reads the answer; anything but status 200 is an error. Each client number is used by one goroutine at a time.
// A connection that the server closed while it was idle is opened again, as every HTTP client does.
func (c *Client) Do(ctx context.Context, client, i int) (time.Duration, error) {
	kept := c.conns[client] != nil
	err := c.try(ctx, client, i)
	if kept && errors.Is(err, errStale) {
		err = c.try(ctx, client, i)
	}
	return 0, err
}

// errStale is returned when a connection ended before an answer began.
var errStale = errors.New("the server closed the connection")

func (c *Client) try(ctx context.Context, client, i int) error {
	conn := c.conns[client]
	if conn == nil {
		var d net.Dialer
		raw, err := d.DialContext(ctx, "tcp", c.addr)
		if err != nil {
			return err
		}
		conn = &connection{raw, bufio.NewReader(raw)}
		c.conns[client] = conn
	}
	err := conn.roundTrip(c.request(client, i))
	if err != nil {
		conn.Close()
		c.conns[client] = nil
	}
	return err
}

func (c *connection) roundTrip(request []byte) error {
	if err := c.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	if _, err := c.Write(request); err != nil {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	if _, err := c.r.Peek(1); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("%w: %w", errStale, err)
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 300))
		return fmt.Errorf("the server answered %s: %s", resp.Status, body)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.Close {
		return errors.New("the server does not keep the connection")
	}
	return nil
}

// Close closes the connections.
func (c *Client) Close() {
	for i, conn := range c.conns {
		if conn != nil {
			conn.Close()
			c.conns[i] = nil
		}
	}
}
