# The limit is raised while the Pod waits to be started again.
kubectl patch pod cache --subresource=resize -p '{"spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "128Mi"}}}]}}'
podlab answer reason oomkilled
kubectl wait --for=condition=Ready pod/cache --timeout=60s
