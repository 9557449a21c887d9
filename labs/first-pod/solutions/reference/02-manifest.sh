cat > web.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
    tier: frontend
spec:
  containers:
  - name: server
    image: podlab.dev/toolbox:v1
    ports:
    - containerPort: 8080
END
kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web --timeout=60s
kubectl get pods -l app=web --show-labels
