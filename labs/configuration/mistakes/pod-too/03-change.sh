kubectl delete pod three --now
kubectl patch configmap banner -p '{"data": {"text": "second edition"}}'
kubectl apply -f banner.yaml
podlab answer how-to-tell b
