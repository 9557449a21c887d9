kubectl get pod spin
kubectl logs spin --tail=3
podlab answer slowed a
kubectl patch pod spin --subresource=resize -p '{"spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "400m"}}}]}}'
kubectl get pod spin
kubectl logs spin --tail=4
