package flight

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type callerKey struct{}

// callerOf returns who asks; the interceptors have found it out.
func callerOf(ctx context.Context) (Caller, error) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		return Caller{}, status.Error(codes.Unauthenticated, "nobody is known to ask")
	}
	return c, nil
}

// admit finds out who calls.
func (s *Server) admit(ctx context.Context) (context.Context, string, error) {
	if s.o.Authenticate == nil {
		return context.WithValue(ctx, callerKey{}, Caller{Name: "local", Tenant: s.o.Tenant}), "", nil
	}
	credential, err := credentialOf(ctx)
	if err != nil {
		return ctx, "", status.Error(codes.Unauthenticated, err.Error())
	}
	caller, err := s.o.Authenticate(ctx, credential)
	switch {
	case errors.Is(err, ErrCredential):
		return ctx, "", status.Error(codes.Unauthenticated, err.Error())
	case err != nil:
		s.o.Log.Error("a caller of Flight SQL could not be checked", "error", err)
		return ctx, "", status.Error(codes.Unavailable, "the key could not be checked; the log of the analytics process says why")
	case caller.Tenant == "":
		return ctx, "", status.Error(codes.PermissionDenied, "the key belongs to no tenant")
	}
	return context.WithValue(ctx, callerKey{}, caller), credential, nil
}

// credentialOf reads the header: "Bearer id.secret", or "Basic" with the id as the user and the secret as the password.
func credentialOf(ctx context.Context) (string, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) != 1 {
		return "", errors.New("a key is needed: send the header authorization: Bearer with it")
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	rest = strings.TrimSpace(rest)
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		return rest, nil
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			raw, err = base64.RawStdEncoding.DecodeString(rest)
		}
		user, password, ok := strings.Cut(string(raw), ":")
		if err != nil || !ok {
			return "", errors.New("the header authorization is not what Basic asks for: user:password in base64")
		}
		if strings.HasPrefix(password, user+".") { // the whole key as the password
			return password, nil
		}
		return user + "." + password, nil
	}
	return "", errors.New("the header authorization must be Bearer with a key, or Basic with the key's id and secret")
}

func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (res any, err error) {
	defer s.recover(info.FullMethod, &err)
	if ctx, _, err = s.admit(ctx); err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recover(info.FullMethod, &err)
	ctx, credential, err := s.admit(ss.Context())
	if err != nil {
		return err
	}
	if strings.HasSuffix(info.FullMethod, "/Handshake") {
		// Clients that know users and passwords get the token for their further calls here.
		return ss.SetHeader(metadata.Pairs("authorization", "Bearer "+credential))
	}
	return next(srv, &authenticated{ss, ctx})
}

// recover turns a panic of the libraries below, which read what callers send, into an error of that one call.
func (s *Server) recover(method string, err *error) {
	if p := recover(); p != nil {
		s.o.Log.Error("a call of Flight SQL failed", "method", method, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "the call failed; the log of the analytics process says why")
	}
}

// authenticated is a stream whose context knows the caller.
type authenticated struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context with the caller.
func (a *authenticated) Context() context.Context { return a.ctx }
