cat counter.yaml
kubectl exec counter -- cat /stats/now
kubectl exec counter -- sh -c 'echo shop_visits_total $(cut -d " " -f 2 /stats/now)'
cat > counter.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: counter
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "echo 'visits: 7' > /stats/now; exec serve"]
    volumeMounts:
    - name: stats
      mountPath: /stats
  - name: adapter
    image: podlab.dev/toolbox:v1
    args: ["serve", "--port", "9100", "--run", "echo shop_visits_total $(cut -d ' ' -f 2 /stats/now)"]
    volumeMounts:
    - name: stats
      mountPath: /stats
  volumes:
  - name: stats
    emptyDir: {}
END
kubectl delete pod counter --now
kubectl apply -f counter.yaml
kubectl wait --for=condition=Ready pod/counter --timeout=60s
kubectl exec counter -- wget -qO- http://localhost:9100/metrics
