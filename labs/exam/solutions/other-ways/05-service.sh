# The Service from a manifest, and before the Deployment.
cat > stall.yaml <<'END'
apiVersion: v1
kind: Service
metadata:
  name: stall
spec:
  selector:
    app: stall
  ports:
  - port: 80
    targetPort: web
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: stall
spec:
  replicas: 3
  selector:
    matchLabels:
      app: stall
  template:
    metadata:
      labels:
        app: stall
    spec:
      containers:
      - name: app
        image: podlab.dev/toolbox:v1
        ports:
        - name: web
          containerPort: 8080
END
kubectl apply -f stall.yaml
kubectl rollout status deployment stall --timeout=60s
