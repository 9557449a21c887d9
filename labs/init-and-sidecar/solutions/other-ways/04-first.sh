cat > gate.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: gate
spec:
  initContainers:
  - name: proxy
    image: podlab.dev/toolbox:v1
    restartPolicy: Always
    args: ["serve", "--port", "8090", "--start-delay", "3s"]
    startupProbe:
      httpGet:
        path: /ready
        port: 8090
      failureThreshold: 20
      periodSeconds: 1
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "wget -q -O /dev/null http://localhost:8090 && exec serve"]
END
kubectl apply -f gate.yaml
