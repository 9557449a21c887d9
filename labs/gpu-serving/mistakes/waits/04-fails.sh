podlab answer moves a
kubectl get pod llm
