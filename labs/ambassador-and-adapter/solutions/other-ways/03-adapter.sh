# With help lines around it, and for reading only.
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
    args: ["serve", "--port", "9100", "--run", "echo '# TYPE shop_visits_total counter'; read word number < /stats/now; echo shop_visits_total $number"]
    volumeMounts:
    - name: stats
      mountPath: /stats
      readOnly: true
  volumes:
  - name: stats
    emptyDir: {}
END
kubectl delete pod counter --now
kubectl apply -f counter.yaml
kubectl wait --for=condition=Ready pod/counter --timeout=60s
