kubectl get pods -l app=till
kubectl logs -l app=till --tail=3
kubectl get service vault
kubectl get deployment till -o jsonpath='{.spec.template.spec.containers[0].env}'
podlab answer till-why b
kubectl patch configmap till --patch '{"data":{"vault":"vault"}}'
kubectl set env deployment/till VAULT- && kubectl set env deployment/till VAULT=vault
kubectl rollout status deployment till --timeout=60s
