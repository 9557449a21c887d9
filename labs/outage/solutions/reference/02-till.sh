kubectl get pods -l app=till
kubectl logs -l app=till --tail=3
kubectl get service vault
kubectl get deployment till -o jsonpath='{.spec.template.spec.containers[0].env}{"\n"}'
podlab answer till-why b
kubectl patch configmap till --patch '{"data":{"vault":"vault"}}'
kubectl delete pod -l app=till
kubectl rollout status deployment till --timeout=60s
