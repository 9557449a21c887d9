kubectl patch pod web --type=merge -p "{\"metadata\": {\"annotations\": {\"ip\": \"$(kubectl get pod web -o jsonpath='{.status.podIP}')\"}}}"
kubectl exec web -- sh -c 'wget -qO- http://127.0.0.1:8080/from-inside; printf "was here" > /tmp/note'
