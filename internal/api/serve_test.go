package api_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidewatch/tidewatch/internal/api"
	"golang.org/x/crypto/bcrypt"
)

// serve runs Serve on free ports and returns their addresses; stop ends it and gives its error.
func serve(t *testing.T, n int, h http.Handler, webConfigFile string) (addrs []string, stop func() error) {
	t.Helper()
	listeners, err := api.Listen(strings.Fields(strings.Repeat("127.0.0.1:0 ", n))...)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range listeners {
		addrs = append(addrs, l.Addr().String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx, listeners, h, webConfigFile, slog.New(slog.DiscardHandler)) }()
	return addrs, func() error { cancel(); return <-ended }
}

func TestServePlainOnSeveralListeners(t *testing.T) {
	addrs, stop := serve(t, 2, newHandler(t, nil), "")
	for _, addr := range addrs {
		if strings.HasSuffix(addr, ":0") {
			t.Errorf("address %s does not say which port was chosen", addr)
		}
		if code := fetch(t, http.DefaultClient, "http://"+addr+"/-/ready", "", ""); code != 200 {
			t.Errorf("%s: status %d", addr, code)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", addrs[0]); err == nil {
		t.Errorf("%s still listens (%v)", addrs[0], c.Close())
	}
}

// fetch returns the status code, 0 if there was no answer.
func fetch(t *testing.T, c *http.Client, url, user, password string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Log(err)
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}

func TestRequestsUnderWayAreFinished(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	slow := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered <- true; <-leave })
	addrs, stop := serve(t, 1, slow, "")
	code := make(chan int)
	go func() { code <- fetch(t, http.DefaultClient, "http://"+addrs[0], "", "") }()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for { // the listener closes first, so a refused connection says that the shutdown has begun
		c, err := net.Dial("tcp", addrs[0])
		if err != nil {
			break
		}
		_ = c.Close()
	}
	leave <- true
	if got := <-code; got != 200 {
		t.Errorf("the request under way got %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestTLSAndBasicAuth(t *testing.T) {
	dir := t.TempDir()
	roots := writeCertificate(t, dir)
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "web.yml")
	writeFile(t, file, "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nhttp_server_config:\n  headers:\n    X-Frame-Options: sameorigin\nbasic_auth_users:\n  ada: "+string(hash)+"\n")
	addrs, stop := serve(t, 2, newHandler(t, nil), file)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	for _, addr := range addrs {
		for _, c := range []struct {
			name, scheme, user, password string
			want                         int
		}{
			{"right", "https", "ada", "correct horse", 200},
			{"wrong password", "https", "ada", "wrong", 401},
			{"wrong user", "https", "bob", "correct horse", 401},
			{"nobody", "https", "", "", 401},
			{"plain HTTP", "http", "ada", "correct horse", 400},
		} {
			if got := fetch(t, client, c.scheme+"://"+addr+"/api/v1/alarms", c.user, c.password); got != c.want {
				t.Errorf("%s on %s: status %d, want %d", c.name, addr, got, c.want)
			}
		}
	}
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// writeCertificate writes a self-signed certificate for 127.0.0.1 and returns a pool that trusts it.
func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tidewatch"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, filepath.Join(dir, "cert.pem"), string(cert))
	writeFile(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServeErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, file, "basic_auth_user:\n  ada: x\n")
	addrs, stop := serve(t, 1, newHandler(t, nil), file)
	if err := stop(); err == nil || !strings.Contains(err.Error(), "basic_auth_user") || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v, want the file and the unknown field", err)
	}
	if c, err := net.Dial("tcp", addrs[0]); err == nil {
		t.Errorf("the listener stayed open (%v)", c.Close())
	}
	if _, err := api.Listen(); err == nil {
		t.Error("no address was accepted")
	}
	taken, err := api.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken[0].Close() }()
	addr := taken[0].Addr().String()
	if _, err := api.Listen("127.0.0.1:0", addr); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("a taken port: %v, want an error with %s", err, addr)
	}
}
