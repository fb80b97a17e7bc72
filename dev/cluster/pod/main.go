// The program in the pod where no real Spin is given. It takes Spin's command line as the shim passes it, fetches the
// content as Spin does, answers Spin's health path as soon as it listens, and exits at once on SIGTERM.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
}

type manifest struct {
	Config descriptor   `json:"config"`
	Layers []descriptor `json:"layers"`
}

func main() {
	// Process 1 of a container ignores signals that nothing handles.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		os.Exit(0)
	}()
	if len(os.Args) == 1 { // the sandbox image, which waits
		select {}
	}
	if os.Args[1] == "--version" {
		fmt.Println("spin 4.0.2 (stand-in)")
		return
	}
	content, err := start(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	http.HandleFunc("/.well-known/spin/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "OK") })
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(2 * time.Second)
		fmt.Fprint(w, content)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, content) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("SPIN_HTTP_LISTEN_ADDR"), nil))
	os.Exit(1)
}

// start returns what identifies the content.
func start(command string, args []string) (string, error) {
	if command == "trigger" {
		return read(strings.TrimPrefix(os.Getenv("SPIN_LOCKED_URL"), "file://"))
	}
	scheme, cache, reference := "https", "", ""
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "--insecure":
			scheme = "http"
		case "--cache-dir":
			i++
			cache = args[i]
		case "--from-registry":
			i++
			reference = args[i]
		default:
			return "", fmt.Errorf("unexpected argument %q", args[i])
		}
	}
	name, digest, found := strings.Cut(reference, "@")
	host, repository, _ := strings.Cut(name, "/")
	if !found {
		return "", fmt.Errorf("%q has no digest", reference)
	}
	if i := strings.LastIndex(repository, ":"); i > 0 {
		repository = repository[:i]
	}
	base := fmt.Sprintf("%s://%s/v2/%s/", scheme, host, repository)
	body, err := get(base+"manifests/"+digest, "application/vnd.oci.image.manifest.v1+json")
	if err != nil {
		return "", err
	}
	var document manifest
	if err := json.Unmarshal(body, &document); err != nil {
		return "", err
	}
	for _, part := range append(document.Layers, document.Config) {
		if cache != "" {
			if _, err := os.Stat(filepath.Join(cache, "registry", "wasm", part.Digest)); err == nil {
				continue
			}
		}
		bytes, err := get(base+"blobs/"+part.Digest, "*/*")
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join("/tmp", strings.ReplaceAll(part.Digest, ":", "-")), bytes, 0o600); err != nil {
			return "", err
		}
	}
	return digest, nil
}

func get(url, accept string) ([]byte, error) {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}

func read(path string) (string, error) {
	bytes, err := os.ReadFile(path)
	return string(bytes), err
}
