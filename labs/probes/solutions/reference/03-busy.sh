kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web-a pod/web-b --timeout=60s
kubectl exec web-a -- sh -c 'for i in 1 2 3 4 5 6; do wget -qO- http://web; done'
kubectl exec web-a -- ready off
kubectl exec web-a -- sh -c 'for i in 1 2 3 4 5 6; do wget -qO- http://web; done'
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
END
kubectl delete pod web-a web-b --now
kubectl apply -f web.yaml
kubectl wait --for=condition=Ready pod/web-a pod/web-b --timeout=60s
kubectl get pods
kubectl exec web-b -- sh -c 'for i in 1 2 3 4 5 6; do wget -qO- http://web; done'
kubectl get endpointslices -l kubernetes.io/service-name=web -o yaml
