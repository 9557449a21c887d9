cat shop.yaml
kubectl exec db -- ready off
kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/shop --timeout=60s
kubectl get pods db shop
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
END
kubectl exec db -- ready on
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
podlab answer cure a
