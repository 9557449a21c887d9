kubectl get nodes
kubectl get pod ghost
kubectl wait --for=condition=Ready=Unknown "node/$(kubectl get pod ghost -o jsonpath='{.spec.nodeName}')" --timeout=120s
kubectl get nodes
kubectl get pod ghost
kubectl get pod ghost -o custom-columns='PHASE:.status.phase,READY:.status.conditions[?(@.type=="Ready")].status'
kubectl get nodes -o custom-columns='READY:.status.conditions[?(@.type=="Ready")].status,REASON:.status.conditions[?(@.type=="Ready")].reason'
podlab answer ghost-phase b
kubectl get --raw "/api/v1/namespaces/$(kubectl get pod ghost -o jsonpath='{.metadata.namespace}')/pods/ghost:8080/proxy/"
podlab answer ghost-alive c
kubectl delete pod ghost --wait=false
kubectl get pod ghost
