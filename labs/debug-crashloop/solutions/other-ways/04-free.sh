# The limit is raised in place.
kubectl patch pod cruncher --subresource=resize -p '{"spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "128Mi"}}}]}}'
