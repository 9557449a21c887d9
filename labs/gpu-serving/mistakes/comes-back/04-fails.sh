podlab answer moves c
kubectl wait --for=condition=Ready=False pod/llm --timeout=60s
kubectl delete pod llm second --now
kubectl get pods
