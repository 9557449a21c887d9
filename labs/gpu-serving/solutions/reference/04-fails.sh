podlab answer moves c
kubectl get pod llm
kubectl wait --for=condition=Ready=False pod/llm --timeout=60s
kubectl logs llm -c server --tail=2
kubectl get pod llm -o jsonpath='{.status.containerStatuses[?(@.name=="server")].allocatedResourcesStatus}{"\n"}'
kubectl describe nodes | grep -A 7 -e ^Capacity -e ^Allocatable
podlab gpu status
kubectl delete pod llm second --now
kubectl apply -f llm.yaml
kubectl wait --for=condition=Ready pod/llm --timeout=60s
kubectl get pods
