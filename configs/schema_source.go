package configs

// rawSource is a Prometheus, or anything else that serves its remote-read protocol or its `query_range`.
type rawSource struct {
	// Name by which detectors refer to it.
	Name string `yaml:"name" required:"true"`
	// URL of the remote-read endpoint, for example `http://prometheus:9090/api/v1/read`.
	URL string `yaml:"url" required:"true"`
	// How it is read: `remote_read`, `query_range` (the server evaluates the expressions; its address will do as `url`), or `auto`: remote-read, and `query_range` where the server has none.
	Protocol protocol `yaml:"protocol" default:"auto"`
	// Labels added to every series.
	Labels map[string]string `yaml:"labels"`
	// Labels taken away from every series before it gets its identity, so that a failover between HA replicas relearns nothing.
	DropLabels []string `yaml:"drop_labels"`
	// The server's own `external_labels`. They are added to every query as matchers and taken away from the results.
	ExternalLabels map[string]string `yaml:"external_labels"`
	// The server's time for one answer, from the request to the last byte. A streamed answer may take longer while it comes at 4 KiB a second or more.
	Timeout duration `yaml:"timeout" default:"1m"`
	// Reads at a time. Prometheus answers ten at a time to all its clients together.
	Concurrency int `yaml:"concurrency" default:"2"`
	// Most requests a second, on average. A request over it waits, which slows the back-fill down first.
	RequestsPerSecond float64 `yaml:"requests_per_second" default:"=no limit"`
	// Most raw samples a second, on average; points where the server evaluates. What an answer holds is known afterwards, so the next request waits for it.
	SamplesPerSecond float64 `yaml:"samples_per_second" default:"=no limit"`
	// Most raw samples in memory for one stretch of time. A stretch over it is read in shorter ones; an expression that takes more for a single point is refused.
	MaxSamples int `yaml:"max_samples" default:"50000000"`
	// Most bytes of answers in memory, over all reads of the source at a time: each may hold its part, the whole divided by `concurrency`. A stretch over it is read in shorter ones.
	MaxBytesInFlight size `yaml:"max_bytes_in_flight" default:"256MiB"`
	// Detectors are read up to this much later than their delay says, but not more than their step: each set of selectors at a time of its own. By default all are read at once, by one request.
	Spread duration `yaml:"spread" default:"0s"`
	HTTP   rawHTTP  `yaml:",inline"`
}

// rawHTTP is how Tidewatch talks HTTP: the fields of Prometheus's own HTTP client configuration.
type rawHTTP struct {
	// User name and password.
	BasicAuth *rawBasicAuth `yaml:"basic_auth"`
	// The `Authorization` header.
	Authorization *rawAuthorization `yaml:"authorization"`
	// OAuth 2.0, client credentials.
	OAuth2 *rawOAuth2 `yaml:"oauth2"`
	// TLS settings.
	TLSConfig *rawTLS `yaml:"tls_config"`
	// Follow HTTP redirects.
	FollowRedirects bool `yaml:"follow_redirects" default:"true"`
	// Use HTTP/2 where the server offers it.
	EnableHTTP2 bool `yaml:"enable_http2" default:"true"`
	// Headers added to every request: by name, with `values`, `secrets` or `files`.
	HTTPHeaders map[string]rawHeader `yaml:"http_headers"`
	rawProxy    `yaml:",inline"`

	pairs []pair
}

func (r *rawHTTP) keep(ps []pair) { r.pairs = ps }

// rawBasicAuth is a user name and a password.
type rawBasicAuth struct {
	// User name.
	Username string `yaml:"username"`
	// File with the user name.
	UsernameFile string `yaml:"username_file"`
	// Password.
	Password Secret `yaml:"password"`
	// File with the password, read at each request.
	PasswordFile string `yaml:"password_file"`
}

// rawAuthorization is the content of the `Authorization` header.
type rawAuthorization struct {
	// Scheme.
	Type string `yaml:"type" default:"Bearer"`
	// Token.
	Credentials Secret `yaml:"credentials"`
	// File with the token, read at each request.
	CredentialsFile string `yaml:"credentials_file"`
}

// rawOAuth2 is the OAuth 2.0 client credentials flow.
type rawOAuth2 struct {
	// Client ID.
	ClientID string `yaml:"client_id" required:"true"`
	// Client secret.
	ClientSecret Secret `yaml:"client_secret"`
	// File with the client secret, read at each request.
	ClientSecretFile string `yaml:"client_secret_file"`
	// Scopes of the token.
	Scopes []string `yaml:"scopes"`
	// URL that gives tokens.
	TokenURL string `yaml:"token_url" required:"true"`
	// Parameters added to the token URL.
	EndpointParams map[string]string `yaml:"endpoint_params"`
	// TLS settings for the token URL.
	TLSConfig *rawTLS `yaml:"tls_config"`
	rawProxy  `yaml:",inline"`
}

// rawTLS holds TLS settings.
type rawTLS struct {
	// Certificates (PEM) of the authorities to trust.
	CA string `yaml:"ca"`
	// File with the certificates of the authorities to trust.
	CAFile string `yaml:"ca_file"`
	// Client certificate (PEM).
	Cert string `yaml:"cert"`
	// File with the client certificate.
	CertFile string `yaml:"cert_file"`
	// Key of the client certificate (PEM).
	Key Secret `yaml:"key"`
	// File with the key of the client certificate.
	KeyFile string `yaml:"key_file"`
	// Name to check in the server's certificate, where it is not that of the URL.
	ServerName string `yaml:"server_name"`
	// Accept any server certificate. Do not use this.
	InsecureSkipVerify bool `yaml:"insecure_skip_verify" default:"false"`
	// Least version: `TLS10`, `TLS11`, `TLS12` or `TLS13`.
	MinVersion string `yaml:"min_version"`
	// Greatest version.
	MaxVersion string `yaml:"max_version"`
}

// rawProxy is an HTTP proxy.
type rawProxy struct {
	// URL of a proxy.
	ProxyURL string `yaml:"proxy_url"`
	// Comma-separated hosts that are reached without the proxy.
	NoProxy string `yaml:"no_proxy"`
	// Take the proxy from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
	ProxyFromEnvironment bool `yaml:"proxy_from_environment" default:"false"`
	// Headers sent to the proxy in CONNECT requests.
	ProxyConnectHeader map[string][]Secret `yaml:"proxy_connect_header"`
}

// rawHeader is one HTTP header.
type rawHeader struct {
	// Values.
	Values []string `yaml:"values"`
	// Values that are never printed.
	Secrets []Secret `yaml:"secrets"`
	// Files that hold a value each.
	Files []string `yaml:"files"`
}
