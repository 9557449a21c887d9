# The shop is asked for its own health too.
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    readinessProbe:
      exec:
        command: ["wget", "-q", "-O", "-", "http://db/ready"]
      periodSeconds: 2
      failureThreshold: 2
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
      periodSeconds: 2
      failureThreshold: 3
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
podlab answer cure liveness
