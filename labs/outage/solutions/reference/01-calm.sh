cat shop.yaml
kubectl get deployment web
cat > shop.yaml <<'END'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: app
        image: podlab.dev/toolbox:v1
        args: ["serve", "--message", "open", "--start-delay", "8s"]
        readinessProbe:
          httpGet:
            path: /ready
            port: 8080
          periodSeconds: 1
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
END
kubectl apply -f shop.yaml
kubectl get pods -l app=web
kubectl rollout status deployment web --timeout=120s
