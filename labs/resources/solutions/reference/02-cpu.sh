cat spin.yaml
kubectl get pod spin
kubectl logs spin --tail=3
podlab answer slowed b
kubectl patch pod spin --subresource=resize -p '{"spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "400m"}}}]}}'
kubectl get pod spin
kubectl wait --for=jsonpath='{.status.containerStatuses[0].resources.limits.cpu}'=400m pod/spin --timeout=60s
kubectl logs spin
