podlab answer why-pending b
kubectl delete pod llm --now
kubectl wait --for=condition=Ready pod/second --timeout=60s
