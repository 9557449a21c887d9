kubectl config view --minify -o jsonpath='{..namespace}{"\n"}'
kubectl get services -A
cat asker.yaml
kubectl logs asker --tail=2
kubectl exec asker -- nslookup kube-dns
kubectl exec asker -- cat /etc/resolv.conf
cat > asker.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: asker
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args:
    - |
      while sleep 1; do
        if nslookup "$SERVICE" > /dev/null 2>&1; then echo "found $SERVICE"; else echo "no such name: $SERVICE"; fi
      done
    env:
    - name: SERVICE
      value: kube-dns.kube-system
END
kubectl delete pod asker --now
kubectl apply -f asker.yaml
kubectl wait --for=condition=Ready pod/asker --timeout=60s
podlab answer short b
