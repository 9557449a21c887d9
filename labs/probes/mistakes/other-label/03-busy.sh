cat > web.yaml <<'END'
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
---
apiVersion: v1
kind: Pod
metadata:
  name: web-a
  labels:
    app: web
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    readinessProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 2
      failureThreshold: 1
---
apiVersion: v1
kind: Pod
metadata:
  name: web-b
  labels:
    app: web-b
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    readinessProbe:
      httpGet:
        path: /ready
        port: 8080
      periodSeconds: 2
      failureThreshold: 1
END
kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web-a pod/web-b --timeout=20s
