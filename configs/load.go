package configs

import "os"

// Load reads the configuration at path with its detector files; relative paths in it are relative to its directory. The
// error is Errors where the configuration is wrong, all mistakes at once.
func Load(path string) (*Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, b)
}
