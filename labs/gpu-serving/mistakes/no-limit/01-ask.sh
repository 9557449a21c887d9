kubectl apply -f llm.yaml
kubectl get pod llm
