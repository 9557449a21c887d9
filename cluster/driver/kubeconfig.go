package driver

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Client-side limits of a lab: a recorder watches, a grader lists and a session
// applies at the same time, against a server that serves nobody else. client-go's
// defaults (5 a second, burst 10) would make them wait for one another.
const (
	clientQPS   = 100 // requests a second
	clientBurst = 200 // requests
)

// RESTConfig reads the kubeconfig at path, and nothing else: neither $KUBECONFIG
// nor ~/.kube/config. It sets no overall timeout, because that would cut every
// watch; bound a request by its context. A dead connection is noticed by
// client-go's HTTP/2 pings.
func RESTConfig(path string) (*rest.Config, error) {
	file, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", path, err)
	}
	return restConfig(file)
}

func restConfig(file *clientcmdapi.Config) (*rest.Config, error) {
	config, err := clientcmd.NewDefaultClientConfig(*file, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS = clientQPS
	config.Burst = clientBurst
	config.UserAgent = "podlab"
	return config, nil
}

// WriteKubeconfig writes config to path, atomically and with mode 0600, reduced
// to its current context and with every certificate file it names put inside.
func WriteKubeconfig(path string, config *clientcmdapi.Config) error {
	config = config.DeepCopy()
	if err := clientcmdapi.MinifyConfig(config); err != nil {
		return fmt.Errorf("reduce kubeconfig to context %q: %w", config.CurrentContext, err)
	}
	if err := clientcmdapi.FlattenConfig(config); err != nil {
		return fmt.Errorf("embed certificates in kubeconfig: %w", err)
	}
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("encode kubeconfig: %w", err)
	}
	if err := WriteFile(path, data); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// WriteNamespaced copies the kubeconfig at from to the file to, whose current
// context has namespace as its default. The folder of to is made if missing.
func WriteNamespaced(from, to, namespace string) error {
	config, err := clientcmd.LoadFromFile(from)
	if err != nil {
		return fmt.Errorf("read kubeconfig %s: %w", from, err)
	}
	current, ok := config.Contexts[config.CurrentContext]
	if !ok {
		return fmt.Errorf("kubeconfig %s: current context %q is not in it", from, config.CurrentContext)
	}
	current.Namespace = namespace
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return WriteKubeconfig(to, config)
}
