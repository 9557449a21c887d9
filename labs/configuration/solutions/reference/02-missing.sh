kubectl get pods
podlab answer which-word CreateContainerConfigError
kubectl describe pod queue
kubectl describe pod report
kubectl get configmap limits -o yaml
cat > queue.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: queue
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: MAX_JOBS
      valueFrom:
        configMapKeyRef:
          name: limits
          key: max_jobs
END
kubectl delete pod queue --now
kubectl apply -f queue.yaml
kubectl create configmap layout --from-literal=columns=3
kubectl wait --for=condition=Ready pod/report --timeout=150s
